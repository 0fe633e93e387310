/** Permissions on the command line, and as commands print them. */
import { InvalidArgumentError } from 'commander'
import { Permission } from '../../gen/causeway/v1/entry_pb.ts'

const permissions = { read: Permission.READ, write: Permission.WRITE, admin: Permission.ADMIN }
const names = new Map<Permission, string>(Object.entries(permissions).map(([name, value]) => [value, name]))

/** Reads one of the permissions that an option takes. */
export function parsePermission(taken: readonly (keyof typeof permissions)[]): (text: string) => Permission {
  return (text) => {
    const name = taken.find((each) => each === text)
    if (name === undefined) throw new InvalidArgumentError(`It is ${taken.join(' or ')}.`)
    return permissions[name]
  }
}

/** `none` where there is none. */
export function permissionName(permission: Permission): string {
  return names.get(permission) ?? 'none'
}
