import { callerOf } from '../bearer.js'
import type { Upload } from '../body.js'
import { makeAttachment } from '../data/details.js'
import { errorCodes, Refusal } from '../envelope.js'
import type { Host } from '../host.js'
import { type ById, mustFindWorkOrder, type ResourceOptions } from './resource.js'

/**
 * Uploads to a work order (multipart, part `file`). The id -1 stores a file for later use and only its Path counts. The
 * list of attachments is read over OData; a GET here is a verb the route lacks.
 */
export function attachments(app: Host, { store, now, signedUri }: ResourceOptions): void {
  app.post<ById & { Body?: Upload }>('/workorders/:id(^-?\\d+$)/attachments', async (request) => {
    const { id } = request.params
    const upload = request.body
    if (!upload?.fileName) throw new Refusal(400, errorCodes.emptyRequest, 'Request is empty or null')
    const attachment = makeAttachment(store.nextId(), upload.fileName, callerOf(request).username, now())
    if (id !== '-1') store.attachmentsOf(mustFindWorkOrder(store, id).Id).push(store.made(attachment))
    return {
      Attachments: [
        {
          Id: id === '-1' ? undefined : attachment.Id,
          Name: attachment.Name,
          Path: `invented/${attachment.Id}/${attachment.Name}`,
          Description: `${upload.bytes} bytes received`,
          Uri: signedUri(attachment)
        }
      ]
    }
  })
}
