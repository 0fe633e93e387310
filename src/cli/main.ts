#!/usr/bin/env node
/** The process of the command `causeway`: runs what its arguments say, and ends once its output is written. */
import './heap.ts'
import { limits } from '../base/limits.ts'
import { runCommand } from './program.ts'
import { superviseStreams } from './streams.ts'

superviseStreams()
await runCommand(process.argv.slice(2))
endSoon()

/**
 * Ends the process once its output is written. It ends by itself before, unless QUIC still asks for a relay that lets
 * nobody in: that question of the binding cannot be taken back.
 */
function endSoon(): void {
  setTimeout(() => {
    const unwritten = process.stdout.writableLength + process.stderr.writableLength
    if (unwritten > 0) endSoon()
    else process.exit()
  }, limits.exitMs).unref()
}
