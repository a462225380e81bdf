import { moment, utc } from './moments.js'
import type { WorkOrder } from './work-orders.js'

/** A note. Ids are 64-bit integers in ServiceChannel's types, hence bigint. */
export function makeNote(id: bigint, number: number, text: string, createdBy: string, time: number) {
  return {
    Id: id,
    Number: number,
    NoteData: text,
    DateCreated: utc(time),
    ScheduledDate: null,
    FollowUpDate: null,
    ActionRequired: false,
    MailedTo: '',
    CreatedBy: createdBy,
    CompanyName: 'Marigold Retail Group',
    Attachments: [],
    IsPinned: false,
    Visibility: 0,
    NoteType: createdBy === '.' ? 'SystemNote' : 'UsersNote',
    IsAttachmentNote: false
  }
}

/** What is known of an upload. Its bytes are not kept; its signed address is made anew for each reader. */
export function makeAttachment(id: number, name: string, uploadBy: string, time: number) {
  return {
    Id: id,
    Name: name,
    Description: name,
    TimeStamp: utc(time),
    NoteId: 0,
    Visibility: 0,
    IsInvoiceDigitalCopy: false,
    UploadBy: uploadBy
  }
}

/** One visit: checked in at `time`, checked out when TimeOut is filled. */
export function makeActivity(id: number, workOrderId: number, userName: string, time: number) {
  return {
    Id: id,
    WorkOrderId: workOrderId,
    TimeIn: utc(time),
    TimeOut: null as string | null,
    IsTimeEdited: false,
    User: { Id: 410001, UserName: userName, FullName: userName, Email: null },
    ResolutionCode: '',
    WorkType: 'Repair',
    HasCheckInInfo: true,
    TechsCount: 1,
    CreatedBy: userName
  }
}

/** An invoice over labor and material, both in dollars. */
export function makeInvoice(
  id: number,
  number: string,
  order: WorkOrder,
  labor: number,
  material: number,
  time: number
) {
  const total = labor + material
  return {
    Id: id,
    Number: number,
    BatchNumber: 0,
    Status: 'Open',
    WoTrackingNumber: order.Id,
    ...moment('InvoiceDate', time),
    ...moment('PostedDate', time),
    ...moment('UpdatedDate', time),
    PostedBy: order.Provider.Name,
    Subtotal: total,
    InvoiceTax: 0,
    InvoiceTotal: total,
    InvoiceBalance: total,
    Currency: 'USD',
    Trade: order.Trade,
    InvoiceAmountsDetails: {
      LaborAmount: labor,
      MaterialAmount: material,
      TravelAmount: 0,
      FreightAmount: 0,
      OtherAmount: 0
    },
    Payments: [],
    Terms: 'Net 30',
    Comments: ''
  }
}

export type Note = ReturnType<typeof makeNote>
export type Attachment = ReturnType<typeof makeAttachment>
export type Activity = ReturnType<typeof makeActivity>
export type Invoice = ReturnType<typeof makeInvoice>
