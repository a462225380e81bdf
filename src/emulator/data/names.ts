/** The vocabulary of the invented company. Nobody and nothing here exists. */

export const company = { id: 2014900001, name: 'Marigold Retail Group', shortName: 'MARIGOLD' }

export const chains = ['Marigold Grocery', 'Juniper Street Coffee', 'Tallow & Twine Outfitters']

export const cities = [
  { city: 'Fernwick', state: 'OH', zip: '43001', region: 'MIDWEST', latitude: 40.1, longitude: -82.9 },
  { city: 'Port Calder', state: 'OR', zip: '97901', region: 'WEST', latitude: 44.6, longitude: -123.1 },
  { city: 'Graymoor', state: 'NY', zip: '12001', region: 'NORTHEAST', latitude: 42, longitude: -73.9 },
  { city: 'Saltmarsh', state: 'GA', zip: '31301', region: 'SOUTH', latitude: 31.9, longitude: -81.3 }
]

export const trades = [
  { name: 'PLUMBING', problem: 'LEAKING FAUCET', description: 'Faucet in the back room drips and will not close' },
  { name: 'HVAC', problem: 'NO COOLING', description: 'Sales floor is warm, unit on the roof does not start' },
  { name: 'ELECTRICAL', problem: 'LIGHTS OUT', description: 'Half of the lights over the entrance are out' },
  { name: 'REFRIGERATION', problem: 'CASE TOO WARM', description: 'Dairy case reads 12 degrees and is rising' },
  { name: 'DOORS', problem: 'WILL NOT CLOSE', description: "The manager's office door won't latch" },
  { name: 'GLASS', problem: 'BROKEN PANE', description: 'Lower pane of the front window is cracked' },
  { name: 'LOCKSMITH', problem: 'LOST KEY', description: 'Key of the stock room is lost, rekey please' },
  { name: 'ROOFING', problem: 'LEAK', description: 'Water stain over aisle 4 grows when it rains' }
]

export const providers = [
  'Brightwater Mechanical',
  'Copperline Plumbing',
  "O'Dell & Daughters Electric",
  'Northfork Refrigeration',
  'Quarry Road Glass',
  'Evergate Doors',
  'Latchkey Locksmiths',
  'Slate & Cedar Roofing'
]

export const priorities = [
  { name: 'P1 - Emergency 4 Hours', eta: '4' },
  { name: 'P2 - Same Day', eta: '12' },
  { name: 'P3 - 72 Hours', eta: '72' },
  { name: 'P4 - Scheduled', eta: '168' }
]

export const categories = ['REPAIR', 'MAINTENANCE', 'CAPEX']

export const people = ['Robin Alder', 'Sam Wren', 'Jo Larkspur']

export const statuses = [
  { Primary: 'OPEN', Extended: '' },
  { Primary: 'OPEN', Extended: 'DISPATCH CONFIRMED' },
  { Primary: 'IN PROGRESS', Extended: 'ON SITE' },
  { Primary: 'IN PROGRESS', Extended: 'INCOMPLETE' },
  { Primary: 'COMPLETED', Extended: '' },
  { Primary: 'INVOICED', Extended: '' }
]
