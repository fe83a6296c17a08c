import type { Activity } from '../../activity/protocol.ts'
import type { Waiting } from '../model/waiting.ts'

export interface PanelProps {
  readonly activity: Activity
  /** All waiters. */
  readonly waiting: readonly Waiting[]
  /** Whether the page has a token, because the server has asked for one. */
  readonly locked: boolean
  /** Whether a filter is active, so that only a part of the activity is shown. */
  readonly filtered: boolean
}
