import { moment } from './moments.js'
import { company, people, statuses, trades } from './names.js'
import { type Location, type Provider, pick } from './places.js'

const dayMs = 86_400_000

/** What a work order is made from; everything else follows. */
export interface WorkOrderSeed {
  id: number
  location: Location
  provider: Provider
  trade: { Id: number; Name: string }
  priority: { Id: number; Name: string }
  category: { Id: number; Name: string }
  status: { Primary: string; Extended: string }
  callDate: number
  nte: number
  description: string
  problemCode: string
  createdBy: string
}

/** A work order with the fields clients use; notes and attachments are kept apart. Nte and Price are in dollars. */
export function makeWorkOrder(seed: WorkOrderSeed) {
  const { location, provider, status } = seed
  const finished = status.Primary === 'COMPLETED' || status.Primary === 'INVOICED'
  return {
    Id: seed.id,
    Number: String(seed.id),
    PurchaseNumber: String(seed.id),
    Subscriber: { Id: company.id, ShortName: company.shortName, Name: company.name, IsOutsourcedWorkOn: false },
    Provider: { Id: provider.Id, Name: provider.Name, DoNotDispatch: provider.DoNotDispatch, Phone: provider.Phone },
    Location: {
      Id: location.Id,
      StoreId: location.StoreId,
      Name: location.Name,
      Region: location.Region,
      District: location.District,
      SubscriberId: location.SubscriberId,
      TimeShiftToEST: location.TimeShiftToEST,
      IsInternational: location.IsInternational
    },
    LocationId: location.Id,
    Status: { ...status, CanCreateInvoice: status.Primary === 'COMPLETED' },
    Caller: seed.createdBy,
    CreatedBy: seed.createdBy,
    ...moment('CallDate', seed.callDate),
    ...moment('ScheduledDate', seed.callDate + dayMs),
    ...moment('ExpirationDate', seed.callDate + 3 * dayMs),
    ...moment('CompletedDate', finished ? seed.callDate + 2 * dayMs : null),
    ...moment('UpdatedDate', seed.callDate),
    ...moment('CreatedDate', seed.callDate),
    Priority: seed.priority.Name,
    PriorityId: seed.priority.Id,
    Trade: seed.trade.Name,
    TradeId: seed.trade.Id,
    Category: seed.category.Name,
    CategoryId: seed.category.Id,
    Description: seed.description,
    ProblemCode: seed.problemCode,
    Resolution: finished ? 'Repaired and tested' : '',
    ApprovalCode: '',
    Nte: seed.nte,
    Price: 0,
    Currency: { Id: 1, AlphabeticalCode: 'USD', Rate: 1 },
    AssetCount: 0,
    PostedId: null,
    IsInvoiced: status.Primary === 'INVOICED',
    IsExpired: false,
    IsEnabledForMobile: true,
    HasWorkActivity: false,
    AutoComplete: false,
    AutoInvoice: false,
    Source: 'WEB',
    Labels: []
  }
}

export type WorkOrder = ReturnType<typeof makeWorkOrder>

const count = 240
const spacingMs = 1.6 * dayMs

/**
 * Invented work orders, oldest first: the last one was called in today, the first more than a year ago. About 55 are no
 * older than 90 days, which is what OData shows by default, and is more than one page.
 */
export function seedWorkOrders(lists: SeedLists, today: number, random: () => number): WorkOrder[] {
  return Array.from({ length: count }, (_, index) => {
    const kind = Math.floor(random() * trades.length)
    return makeWorkOrder({
      id: 270000001 + index,
      location: pick(lists.locations, Math.floor(random() * lists.locations.length)),
      provider: pick(lists.providers, kind),
      trade: pick(lists.trades, kind),
      priority: pick(lists.priorities, Math.floor(random() * 4)),
      category: pick(lists.categories, index),
      status: pick(statuses, index),
      callDate: today - (count - 1 - index) * spacingMs,
      nte: 50 * Math.ceil(random() * 20),
      description: pick(trades, kind).description,
      problemCode: pick(trades, kind).problem,
      createdBy: pick(people, index)
    })
  })
}

export interface SeedLists {
  locations: Location[]
  providers: Provider[]
  trades: { Id: number; Name: string }[]
  priorities: { Id: number; Name: string }[]
  categories: { Id: number; Name: string }[]
}
