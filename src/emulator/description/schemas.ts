import { amount, count, flag, id, list, moments, orNull, record, ref, rows, type Schema, text } from './schema.js'
import { workOrderSchemas } from './work-order-schemas.js'

const location = {
  Id: id,
  SubscriberId: id,
  SubscriberName: text,
  StoreId: text,
  Name: text,
  ShortName: text,
  Latitude: amount,
  Longitude: amount,
  Address1: text,
  Address2: orNull(text),
  City: text,
  State: text,
  Zip: text,
  Country: text,
  Region: text,
  District: text,
  Status: text,
  Email: text,
  Phone: text,
  TimeZoneShortDescription: text,
  TimeZoneIanaName: text,
  TimeShiftToEST: count,
  IsInternational: flag
}

const invoice = {
  Id: id,
  Number: text,
  BatchNumber: count,
  Status: text,
  WoTrackingNumber: id,
  ...moments('InvoiceDate', 'PostedDate', 'UpdatedDate'),
  PostedBy: text,
  Subtotal: amount,
  InvoiceTax: amount,
  InvoiceTotal: amount,
  InvoiceBalance: amount,
  Currency: text,
  Trade: text,
  InvoiceAmountsDetails: record({
    LaborAmount: amount,
    MaterialAmount: amount,
    TravelAmount: amount,
    FreightAmount: amount,
    OtherAmount: amount
  }),
  Payments: list({ type: 'object' }),
  Terms: text,
  Comments: text
}

const trade = { Id: id, Name: text, SubscriberId: id }

const user = {
  Id: id,
  SubscriberId: id,
  UserName: text,
  FullName: text,
  Email: text,
  Disabled: flag,
  IsLocked: flag,
  Roles: list(text),
  UserType: text
}

const priority = {
  Id: id,
  Name: text,
  SubscriberId: id,
  Eta: { ...text, description: 'Hours.' },
  SkipNights: flag,
  SkipWeekends: flag,
  IsSelectable: flag
}

const category = {
  Id: id,
  SubscriberId: id,
  Name: text,
  HasDependency: flag,
  PrimaryCategoryID: id,
  PrimaryCategoryName: text
}

const profile = {
  UserId: id,
  AuthUserId: id,
  SubscriberId: id,
  ProviderId: id,
  UserName: text,
  Email: text,
  Roles: list(text)
}

/** Everything an answer may hold, by name. */
export const schemas: Record<string, Schema> = {
  ...workOrderSchemas,
  Location: record(location),
  ODataLocation: rows(location),
  Locations: record({ Locations: list(ref('Location')), TotalCount: count }),
  Invoice: record(invoice),
  ODataInvoice: rows(invoice),
  Trade: record(trade),
  ODataTrade: rows(trade),
  ODataUser: rows(user),
  Priority: record(priority),
  Category: record(category),
  Providers: record({ Providers: list(record({ Id: id, Name: text, DoNotDispatch: flag })) }),
  Profile: record({ UserProfile: record(profile), Stores: record({ Stores: list({ type: 'object' }) }) }),
  Made: record({ id }),
  Changed: record({ result: text, id }),
  Error: record({ ErrorCodes: list(count), ErrorCode: count, ErrorMessage: text }),
  Exception: record({ Message: text, ExceptionMessage: text, ExceptionType: text, StackTrace: text })
}
