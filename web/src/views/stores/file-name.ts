/** Names for files that readers download. */

/** Returns the last part of a key, without what file systems or readers may take amiss. */
export function fileNameOf(key: string): string {
  const name = key
    .split('/')
    .at(-1)!
    .replace(/[^\p{L}\p{N}._ -]/gu, '_')
  return name.replace(/^[. ]+/, '').slice(0, 100) || 'value'
}
