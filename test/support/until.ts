/** Waits for a condition that something outside brings about, and fails loudly when nothing does within fifteen seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; !(await condition()); i++) {
    if (i > 1500) throw new Error(`still waiting for ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
