import { createHash, timingSafeEqual } from 'node:crypto'

/** Does an `Authorization` header carry the inspector's token (`Bearer …`)? */
export function createTokenCheck(token: string): (authorization: string | undefined) => boolean {
  const wanted = digest(token)
  return (authorization = '') => {
    const [scheme = '', offered = ''] = authorization.split(' ', 2)
    return /^bearer$/i.test(scheme) && timingSafeEqual(digest(offered), wanted)
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
