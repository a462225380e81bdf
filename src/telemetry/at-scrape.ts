import { Counter, Gauge, type Registry } from 'prom-client'

type Labels = Record<string, string>
/** Given what adds a value under its labels; called each time somebody asks. */
type Read = (add: (labels: Labels, value: number) => void) => void

type Define = (name: string, help: string, labelNames: string[], read: Read) => void

/** Metrics whose values are looked up when somebody asks for them, and cost nothing in between. */
export function atScrape(registry: Registry): { gauge: Define; counter: Define } {
  const define =
    (Metric: typeof Gauge | typeof Counter): Define =>
    (name, help, labelNames, read) => {
      new Metric({
        name,
        help,
        labelNames,
        registers: [registry],
        collect() {
          this.reset()
          read((labels, value) => this.inc(labels, value))
        }
      })
    }
  return { gauge: define(Gauge), counter: define(Counter) }
}
