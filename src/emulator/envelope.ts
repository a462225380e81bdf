/** ServiceChannel's error codes that the emulator uses (API reference, Response codes). Integers on the wire. */
export const errorCodes = {
  noRights: 100,
  internal: 501,
  notFound: 502,
  emptyRequest: 503,
  security: 504,
  locationId: 601,
  storeId: 606,
  trade: 700,
  description: 902,
  status: 904,
  nte: 905,
  callDate: 907,
  category: 910,
  priority: 912,
  paging: 922,
  alreadyInvoiced: 924,
  duplicateInvoice: 1107,
  noInvoice: 1108,
  invoiceWorkOrder: 1113
} as const

/** A request that the API refuses with a business or validation error. */
export class Refusal extends Error {
  readonly status: number
  readonly code: number

  constructor(status: number, code: number, message: string) {
    super(message)
    this.name = 'Refusal'
    this.status = status
    this.code = code
  }
}

/** The body of `ServiceChannel.Services.Messaging.ErrorResponse`. */
export function envelope(code: number, message: string) {
  return { ErrorCodes: [code], ErrorCode: code, ErrorMessage: message }
}

/** What ASP.NET Web API writes for an exception that nobody handled. */
export function unhandledException(message: string) {
  return {
    Message: 'An error has occurred.',
    ExceptionMessage: message,
    ExceptionType: 'System.InvalidOperationException',
    StackTrace: '   at ServiceChannel.Emulator.Invented(HttpRequestMessage request)'
  }
}

/** A page as IIS or a load balancer in front of it shows it. */
export function htmlPage(title: string, body: string): string {
  return `<!DOCTYPE html>\r\n<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n${body}\r\n</body>\r\n</html>\r\n`
}

/** Makes text safe between tags and inside double-quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
