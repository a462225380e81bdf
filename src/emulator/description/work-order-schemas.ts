import { amount, count, flag, id, list, moments, orNull, record, rows, type Schema, text, time } from './schema.js'

const counts = record({ Total: count, Own: count })

const provider = { Id: id, Name: text, DoNotDispatch: flag, Phone: text }

const lastNote = {
  Id: id,
  Number: count,
  NoteData: text,
  DateCreated: time,
  ActionRequired: flag,
  MailedTo: text,
  CreatedBy: text
}

/** What REST and OData both show of a work order. */
const common = {
  Id: id,
  Number: text,
  PurchaseNumber: text,
  Subscriber: record({ Id: id, ShortName: text, Name: text, IsOutsourcedWorkOn: flag }),
  Location: record({
    Id: id,
    StoreId: text,
    Name: text,
    Region: text,
    District: text,
    SubscriberId: id,
    TimeShiftToEST: count,
    IsInternational: flag
  }),
  LocationId: id,
  Status: record({ Primary: text, Extended: text, CanCreateInvoice: flag }),
  Caller: text,
  CreatedBy: text,
  ...moments('CallDate', 'ScheduledDate', 'ExpirationDate', 'CompletedDate', 'UpdatedDate', 'CreatedDate'),
  Priority: text,
  PriorityId: id,
  Trade: text,
  TradeId: id,
  Category: text,
  CategoryId: id,
  Description: text,
  ProblemCode: text,
  Resolution: text,
  ApprovalCode: text,
  Nte: amount,
  Price: amount,
  Currency: record({ Id: id, AlphabeticalCode: text, Rate: amount }),
  AssetCount: count,
  PostedId: orNull(id),
  IsInvoiced: flag,
  IsExpired: flag,
  IsEnabledForMobile: flag,
  HasWorkActivity: flag,
  AutoComplete: flag,
  AutoInvoice: flag,
  Source: text,
  Labels: list(text),
  Attachments: record({ Count: counts }),
  Notes: record({ WorkOrderId: id, Last: orNull(record(lastNote)), Count: counts })
}

const inOData = {
  ...common,
  Provider: orNull(record(provider)),
  Invoice: { type: 'object', nullable: true, description: 'With $expand=Invoice.' },
  Assets: list({ type: 'object' })
}

const attachment = {
  Id: id,
  Name: text,
  Description: text,
  TimeStamp: time,
  NoteId: id,
  Visibility: count,
  IsInvoiceDigitalCopy: flag,
  UploadBy: text,
  Uri: text
}

const activity = {
  Id: id,
  WorkOrderId: id,
  TimeIn: time,
  TimeOut: orNull(time),
  IsTimeEdited: flag,
  User: record({ Id: id, UserName: text, FullName: text, Email: orNull(text) }),
  ResolutionCode: text,
  WorkType: text,
  HasCheckInInfo: flag,
  TechsCount: count,
  CreatedBy: text
}

const note = {
  ...lastNote,
  ScheduledDate: orNull(time),
  FollowUpDate: orNull(time),
  CompanyName: text,
  Attachments: list(record(attachment)),
  IsPinned: flag,
  Visibility: count,
  NoteType: { ...text, enum: ['SystemNote', 'UsersNote'] },
  IsAttachmentNote: flag
}

/** Work orders and what belongs to them, as answers show them. */
export const workOrderSchemas: Record<string, Schema> = {
  WorkOrder: record({ ...common, Provider: record(provider) }),
  ODataWorkOrder: rows(inOData),
  ODataWorkOrderAlone: rows({ '@odata.context': text, ...inOData }),
  Note: record(note),
  ODataNote: rows(note),
  ODataAttachment: rows(attachment),
  ODataActivity: rows(activity),
  Notes: record({
    Notes: list({ $ref: '#/components/schemas/Note' }),
    AllNotesCount: count,
    UserNotesCount: count,
    SystemNotesCount: count
  }),
  Uploaded: record({
    Attachments: list({
      type: 'object',
      properties: { Id: id, Name: text, Path: text, Description: text, Uri: text },
      required: ['Name', 'Path', 'Description', 'Uri'],
      additionalProperties: false
    })
  })
}
