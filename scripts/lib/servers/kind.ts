import type { ServerName } from './catalogue.ts'

/** Where one running server lives. All paths are absolute. */
export interface Place {
  /** The folder of the installation. */
  readonly prefix: string
  /** The server's own folder: its data, its temporary files and its log. */
  readonly dataDir: string
  readonly port: number
  /** Further ports on 127.0.0.1, as many as the kind asks for in `morePorts`. */
  readonly morePorts: readonly number[]
  /** Options of the caller; they override ours. */
  readonly args: readonly string[]
}

/** One kind of server: how it is installed, started, and known to answer. */
export interface ServerKind {
  readonly name: ServerName
  /** Text that changes when something else would be installed; an installation from another text is replaced. */
  recipe(): string
  /** What this machine lacks for the installation, in words, or null. */
  missingForInstall(): string | null
  /** What this machine lacks to run the server once it is installed, in words, or null. */
  missingForRun(): string | null
  /** Installs into `prefix`, an empty folder that will not move, and returns the version of the server. */
  install(prefix: string): Promise<string>
  /** Whether a first run at the end of the installation makes later starts quicker (see `classArchive`). */
  readonly runsOnJava?: true
  /** How many ports it opens besides the one that clients use. */
  readonly morePorts: number
  /** Makes `dataDir` ready for a start, the first or a later one. */
  prepare(place: Place): Promise<void>
  /** The program and its arguments; it must stay in the foreground. */
  command(place: Place): string[]
  /** What ends it in order; SIGTERM unless given. */
  readonly stopSignal?: NodeJS.Signals
  /** Whether the server answers its own protocol. Resolves to false, and never rejects, while it does not. */
  answers(place: Place): Promise<boolean>
  /** The log that tells why a start failed, relative to `dataDir`; what the program prints otherwise. */
  readonly logFile?: string
  url(port: number): string
  /** The program and arguments of the server's own client, where there is one. */
  client?(prefix: string, port: number, args: readonly string[]): Promise<string[]>
}
