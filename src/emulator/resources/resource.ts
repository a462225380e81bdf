import type { Store } from '../data/store.js'
import type { WorkOrder } from '../data/work-orders.js'
import { errorCodes, Refusal } from '../envelope.js'

/** What every resource is given. */
export interface ResourceOptions {
  store: Store
  /** Wall clock in milliseconds. */
  now: () => number
  /** The address an attachment can be fetched from without a token. */
  signedUri: (attachment: { Id: number; Name: string }) => string
}

export interface ById {
  Params: { id: string }
}

export interface WithQuery {
  Querystring: Record<string, string | undefined>
}

/** The work order a write is about. Throws Refusal (404, code 502). */
export function mustFindWorkOrder(store: Store, id: string): WorkOrder {
  return store.workOrder(Number(id)) ?? notFound('Work order', id)
}

/** The work order as a read finds it, which may lag behind. Throws Refusal (404, code 502). */
export function mustReadWorkOrder(store: Store, id: string): WorkOrder {
  const order = store.workOrder(Number(id))
  return store.visible(order ? [order] : [])[0] ?? notFound('Work order', id)
}

/** Throws the Refusal (404, code 502) for something that does not exist. */
export function notFound(what: string, id: string): never {
  throw new Refusal(404, errorCodes.notFound, `${what} ${id} is not found`)
}

/**
 * The page a REST list asks for with `page` (from 1) and `pageSize` (50 by default and at most). Throws Refusal: 400 when
 * they are not numbers, 500 with code 501 when they are below 1, as ServiceChannel does.
 */
export function pageOf<T>(rows: T[], query: Record<string, string | undefined>): T[] {
  const [page, size] = [Number(query.page ?? 1), Number(query.pagesize ?? 50)]
  if (!Number.isInteger(page) || !Number.isInteger(size))
    throw new Refusal(400, errorCodes.paging, 'Invalid paging parameter')
  if (page < 1 || size < 1) throw new Refusal(500, errorCodes.internal, 'page and pageSize must be greater than 0')
  const length = Math.min(size, 50)
  return rows.slice((page - 1) * length, page * length)
}
