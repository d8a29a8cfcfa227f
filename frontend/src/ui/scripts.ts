/** Parts of the program that load when they are needed. */

/** A part could not be fetched: the connection is lost, or another version of the program has been put in its place. */
export class ScriptError extends Error {}

/** Fetches a part; what goes wrong is a ScriptError. A browser does not fetch a part again that has failed: only a reload does. */
export async function fetchPart<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load()
  } catch (error) {
    throw new ScriptError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}
