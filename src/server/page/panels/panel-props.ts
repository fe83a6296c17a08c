import type { Activity } from '../../activity/protocol.ts'
import type { Waiting } from '../model/waiting.ts'

export interface PanelProps {
  readonly activity: Activity
  /** All that wait. */
  readonly waiting: readonly Waiting[]
  /** Whether the server asks for a token. */
  readonly locked: boolean
  /** Whether only a part of the activity is shown. */
  readonly filtered: boolean
}
