export { createAlerter } from './alerters.ts'
export type { Alerter, Notification } from './notification.ts'
export { NotificationQueue } from './queue.ts'
