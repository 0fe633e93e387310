/** Permissions and public access: how options name them and how commands print them. */
import { InvalidArgumentError, Option } from 'commander'
import { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'

const permissions = { read: Permission.READ, write: Permission.WRITE, admin: Permission.ADMIN }
const permissionNames = namesOf(permissions)
const accesses = { none: PublicAccess.NONE, read: PublicAccess.READ, write: PublicAccess.WRITE }
const accessNames = namesOf(accesses)

function namesOf<Value>(values: Readonly<Record<string, Value>>): ReadonlyMap<Value, string> {
  return new Map(Object.entries(values).map(([name, value]) => [value, name]))
}

/** Returns a parser that accepts only these permissions. */
export function parsePermission(
  accepted: readonly (keyof typeof permissions)[],
): (text: string) => Permission {
  return (text) => {
    const name = accepted.find((each) => each === text)
    if (name === undefined)
      throw new InvalidArgumentError(`Expected ${accepted.slice(0, -1).join(', ')} or ${accepted.at(-1)}.`)
    return permissions[name]
  }
}

/** Returns the permission's name, or `none` if it is unspecified. */
export function permissionName(permission: Permission): string {
  return permissionNames.get(permission) ?? 'none'
}

/** Returns the option `--public`, which takes a public access. */
export function publicOption(description: string): Option {
  return new Option('--public <none|read|write>', description).argParser(parseAccess)
}

function parseAccess(text: string): PublicAccess {
  if (!Object.hasOwn(accesses, text)) throw new InvalidArgumentError('Expected none, read or write.')
  return accesses[text as keyof typeof accesses]
}

/** Returns the access's name, or `none` if it is unspecified. */
export function accessName(access: PublicAccess): string {
  return accessNames.get(access) ?? 'none'
}
