/** The version of this package, as `causeway --version` and NodeService tell it; a test holds it to package.json. */
export const version = '0.1.0'
