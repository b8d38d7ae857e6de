import { spawn } from 'node:child_process'

/**
 * Readiness and watchdog for units of `Type=notify` (sd_notify(3)). Node has no datagram sockets on paths, so the
 * messages go through systemd-notify(1); units need `NotifyAccess=all`. Does nothing outside systemd.
 */
export class ServiceNotifier {
  readonly #active = process.env.NOTIFY_SOCKET !== undefined
  #watchdog: NodeJS.Timeout | undefined

  ready(): void {
    this.#send('READY=1')
    const interval = Number(process.env.WATCHDOG_USEC) / 1000
    if (this.#active && interval > 0 && this.#watchdog === undefined) {
      this.#watchdog = setInterval(() => this.#send('WATCHDOG=1'), interval / 2)
      this.#watchdog.unref()
    }
  }

  stopping(): void {
    clearInterval(this.#watchdog)
    this.#send('STOPPING=1')
  }

  #send(message: string): void {
    if (!this.#active) return
    const child = spawn('systemd-notify', [`--pid=${process.pid}`, message], { stdio: 'ignore' })
    // Without systemd-notify the unit times out and systemd says so; there is nothing better to do here.
    child.on('error', () => {})
    child.unref()
  }
}
