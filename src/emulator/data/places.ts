import { categories, chains, cities, company, people, priorities, providers, trades } from './names.js'

/** Picks from a list by number, round and round. */
export function pick<T>(list: readonly T[], index: number): T {
  const item = list[index % list.length]
  if (item === undefined) throw new RangeError('Nothing to pick from an empty list')
  return item
}

const storesPerChain = 24

/** The stores of all chains: more than one page of them. Ids have 10 digits and begin with 20, as ServiceChannel's do. */
export function seedLocations() {
  return Array.from({ length: chains.length * storesPerChain }, (_, index) => {
    const place = pick(cities, index)
    const storeId = String(1001 + index)
    return {
      Id: 2090000001 + index,
      SubscriberId: company.id,
      SubscriberName: company.name,
      StoreId: storeId,
      Name: `${pick(chains, Math.floor(index / storesPerChain))} ${storeId}`,
      ShortName: storeId,
      Latitude: place.latitude,
      Longitude: place.longitude,
      Address1: `${10 + index} Invented Avenue`,
      Address2: null,
      City: place.city,
      State: place.state,
      Zip: place.zip,
      Country: 'USA',
      Region: place.region,
      District: `D${1 + (index % 6)}`,
      Status: 'Open',
      Email: `store${storeId}@marigold.example`,
      Phone: `555-0${100 + (index % 100)}`,
      TimeZoneShortDescription: 'ET',
      TimeZoneIanaName: 'America/New_York',
      TimeShiftToEST: 0,
      IsInternational: false
    }
  })
}

/** The kinds of work the company orders. */
export function seedTrades() {
  return trades.map(({ name }, index) => ({ Id: 5101 + index, Name: name, SubscriberId: company.id }))
}

/** The contractors, one per trade; the last one must not be dispatched. */
export function seedProviders() {
  return providers.map((name, index) => ({
    Id: 2015800001 + index,
    Name: name,
    FullName: `${name} LLC`,
    DoNotDispatch: index === providers.length - 1,
    Phone: `555-01${10 + index}`,
    Email: `dispatch${index + 1}@provider.example`,
    Trade: pick(trades, index).name,
    IsInternal: false,
    IsOnOffShoreFeatureEnabled: false
  }))
}

/** How fast a provider has to come; Eta is in hours, as text. */
export function seedPriorities() {
  return priorities.map(({ name, eta }, index) => ({
    Id: 7101 + index,
    Name: name,
    SubscriberId: company.id,
    Eta: eta,
    SkipNights: index > 1,
    SkipWeekends: index > 1,
    IsSelectable: true
  }))
}

/** What a work order is booked under. */
export function seedCategories() {
  return categories.map((name, index) => ({
    Id: 8101 + index,
    SubscriberId: company.id,
    Name: name,
    HasDependency: false,
    PrimaryCategoryID: index + 1,
    PrimaryCategoryName: name
  }))
}

/** The company's people; the first has every right. */
export function seedUsers() {
  return people.map((name, index) => ({
    Id: 410001 + index,
    SubscriberId: company.id,
    UserName: name.toLowerCase().replace(' ', '.'),
    FullName: name,
    Email: `${name.toLowerCase().replace(' ', '.')}@marigold.example`,
    Disabled: false,
    IsLocked: false,
    Roles: [index === 0 ? 'Super Admin' : 'Facility Manager'],
    UserType: 'Subscriber'
  }))
}

export type Location = ReturnType<typeof seedLocations>[number]
export type Provider = ReturnType<typeof seedProviders>[number]
