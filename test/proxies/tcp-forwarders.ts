import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { programPath } from './required-programs.ts'
import { startProgram, type RunningProgram } from './running-program.ts'
import { systemUser } from './system-users.ts'

export type ForwarderOptions = {
  /** Default: whoever runs the tests. */
  readonly user?: string
  readonly name?: string
}

/** One process for one port, with one more for each connection. */
export function startSocat(
  upstream: number,
  address: string,
  options: ForwarderOptions,
): Promise<RunningProgram> {
  const { name, user } = options
  return startProgram({
    program: 'socat',
    ...(name === undefined ? {} : { name }),
    ...(user === undefined ? {} : { startAs: systemUser(user) }),
    ports: 1,
    addresses: [address],
    configure: (_, [port = 0]) => ({
      args: [`TCP-LISTEN:${port},fork,reuseaddr,bind=0.0.0.0`, `TCP:127.0.0.1:${upstream}`],
    }),
  })
}

/** Keys for one run: of the servers, and of whoever logs in. */
export type SshKeys = {
  readonly hostKey: string
  readonly authorizedKeys: string
  /** The file belongs to whoever runs `ssh`. */
  identityOf(user: string | undefined): string
  remove(): void
}

export function makeSshKeys(): SshKeys {
  const folder = mkdtempSync(path.join(tmpdir(), 'ssh-keys-'))
  chmodSync(folder, 0o755)
  const make = (name: string): string => {
    const file = path.join(folder, name)
    execFileSync(programPath('ssh-keygen') ?? 'ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
    return file
  }
  const hostKey = make('host')
  const identity = make('identity')
  return {
    hostKey,
    authorizedKeys: `${identity}.pub`,
    identityOf(user) {
      if (user === undefined) return identity
      const { uid, gid } = systemUser(user)
      const copy = `${identity}-${user}`
      copyFileSync(identity, copy)
      chownSync(copy, uid, gid)
      return copy
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Its program must be called by its full path, so that it can start itself anew for each connection. */
export function startSshd(
  keys: SshKeys,
  address: string,
  prefix: readonly string[],
  options: Pick<ForwarderOptions, 'name'>,
): Promise<RunningProgram> {
  // Made by the service's own start script, which has not run.
  if (!existsSync('/run/sshd')) mkdirSync('/run/sshd', { mode: 0o755 })
  return startProgram({
    program: 'sshd',
    ...(options.name === undefined ? {} : { name: options.name }),
    ports: 1,
    addresses: [address],
    configure(folder, [port = 0]) {
      const settings = [
        `Port ${port}`,
        'ListenAddress 0.0.0.0',
        `HostKey ${keys.hostKey}`,
        `PidFile ${folder}/sshd.pid`,
        `AuthorizedKeysFile ${keys.authorizedKeys}`,
        'StrictModes no',
        'PermitRootLogin yes',
        'PasswordAuthentication no',
        'UsePAM no',
        'GatewayPorts clientspecified',
        'MaxStartups 100',
      ]
      return {
        prefix,
        args: ['-D', '-e', '-f', '/dev/null', ...settings.flatMap((setting) => ['-o', setting])],
      }
    },
  })
}

/** `ssh -L` or `ssh -R`, a port for each upstream; `open` is where the ports can be reached from here. */
export function startSsh(
  keys: SshKeys,
  way: {
    readonly direction: 'L' | 'R'
    readonly login: string
    readonly server: { readonly host: string; readonly port: number }
    readonly upstreams: readonly number[]
    readonly open: string
    readonly prefix: readonly string[]
  },
  options: ForwarderOptions,
): Promise<RunningProgram> {
  const { name, user } = options
  const identity = keys.identityOf(user)
  return startProgram({
    program: 'ssh',
    ...(name === undefined ? {} : { name }),
    ...(user === undefined ? {} : { startAs: systemUser(user) }),
    ports: way.upstreams.length,
    addresses: [way.open],
    configure: (_, ports) => ({
      prefix: way.prefix,
      args: [
        ...['-F', 'none', '-N', '-i', identity, '-p', String(way.server.port)],
        ...[
          'BatchMode=yes',
          'IdentitiesOnly=yes',
          'StrictHostKeyChecking=no',
          'UserKnownHostsFile=/dev/null',
          'ExitOnForwardFailure=yes',
        ].flatMap((option) => ['-o', option]),
        ...way.upstreams.flatMap((upstream, index) => [
          `-${way.direction}`,
          `0.0.0.0:${ports[index] ?? 0}:127.0.0.1:${upstream}`,
        ]),
        `${way.login}@${way.server.host}`,
      ],
    }),
  })
}
