/** Reads the lists of the contract, which come in pages. */

/** The largest page that the contract allows. */
const largestPage = 1000

interface PageRequest {
  readonly pageToken: string
  readonly pageSize: number
}

/** Yields all pages of a list in order, each of at most `size` rows; `list` fetches one. */
export async function* allPages<Page extends { readonly nextPageToken: string }>(
  list: (request: PageRequest) => Promise<Page>,
  size = largestPage,
): AsyncGenerator<Page> {
  const pageSize = Math.min(size, largestPage)
  let pageToken = ''
  // Ends with the last page: the node answers each token with a later one.
  do {
    const page = await list({ pageToken, pageSize })
    yield page
    pageToken = page.nextPageToken
  } while (pageToken !== '')
}
