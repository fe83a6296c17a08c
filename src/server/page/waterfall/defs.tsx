/** Patterns that distinguish the outcomes without colours. */
export const Defs = () => (
  <defs>
    <pattern id="hatch-timeout" width="6" height="6" patternUnits="userSpaceOnUse">
      <path class="stripes" d="M-1 7 L7 -1 M-1 1 L1 -1 M5 7 L7 5" />
    </pattern>
    <pattern id="hatch-failed" width="6" height="6" patternUnits="userSpaceOnUse">
      <path class="stripes" d="M0 0 L6 6 M6 0 L0 6" />
    </pattern>
  </defs>
)
