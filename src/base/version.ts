/**
 * The version of this package, which `causeway --version` and NodeService report. A test compares it with package.json.
 */
export const version = '0.1.0'
