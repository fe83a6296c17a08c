import type { Activity } from '../../activity/protocol.ts'

export interface PanelProps {
  readonly activity: Activity
  /** Whether the server asks for a token. */
  readonly locked: boolean
  /** Whether only a part of the activity is shown. */
  readonly filtered: boolean
}
