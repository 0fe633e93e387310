/** NodeService's calls for the node's page: the links that open it, and the end of its sessions. */
import type { ServiceImpl } from '@connectrpc/connect'
import type { NodeService } from '../../../../gen/causeway/v1/node_pb.ts'

/** What opens and ends sessions of the page. */
export interface PageDoor {
  link(origin: string): { readonly url: string; readonly untilMs: number }
  end(): Promise<number>
}

export function createPageHandlers({
  page,
}: {
  readonly page: PageDoor
}): Pick<ServiceImpl<typeof NodeService>, 'createPageLink' | 'endPageSessions'> {
  return {
    createPageLink({ origin }) {
      const { url, untilMs } = page.link(origin)
      return { url, expiresMs: BigInt(untilMs) }
    },

    async endPageSessions() {
      return { sessions: await page.end() }
    },
  }
}
