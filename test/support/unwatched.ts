import module from 'node:module'

/*
 * Loaded into every test file before tap's own hooks. They tell another thread of each module that is loaded, so that
 * `tap --changed` knows later which tests to run; every import waits for that thread, which adds half a second of
 * computing to each file. Nobody asks for it here, and coverage needs none of it.
 */
Object.assign(module, { register() {} })
// What a test starts has a folder of its own, where this file would not be found.
delete process.env.NODE_OPTIONS
