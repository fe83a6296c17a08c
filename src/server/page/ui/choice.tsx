interface ChoiceProps<T extends string> {
  readonly label: string
  readonly name: string
  readonly options: readonly T[]
  readonly titles?: Readonly<Record<T, string>>
  readonly chosen: T
  readonly choose: (option: T) => void
}

/** A choice of one of a few options, side by side. */
export const Choice = <T extends string>(props: ChoiceProps<T>) => (
  <fieldset class="choice">
    <legend class="unseen">{props.label}</legend>
    {props.options.map((option) => (
      <label>
        <input
          type="radio"
          name={props.name}
          value={option}
          checked={option === props.chosen}
          onChange={() => props.choose(option)}
        />
        <span>{props.titles?.[option] ?? option}</span>
      </label>
    ))}
  </fieldset>
)
