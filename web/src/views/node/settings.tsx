/** The settings with which the node runs, and where each came from: an option, a variable, a file, or the default. */
import { useState } from 'preact/hooks'
import { nodeCalls } from '../../api/clients.ts'
import { useCall } from '../../api/use-call.ts'
import { Card, Foreign } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'

const words = texts.node
const longestValue = 300

export function Settings() {
  const { value, error } = useCall('', (signal) => nodeCalls.getSettings({}, { signal }))
  const [isOnlySet, setOnlySet] = useState(false)
  const all = value?.settings
  const shown = all?.filter(({ source }) => !isOnlySet || source !== 'default')
  return (
    <Card
      title={words.settings}
      aside={
        <label class="check">
          <input
            type="checkbox"
            checked={isOnlySet}
            onChange={(event) => setOnlySet(event.currentTarget.checked)}
          />
          {words.onlySet}
        </label>
      }
    >
      {error !== '' && <p class="problem">{error}</p>}
      {all === undefined && error === '' && <p class="loading">{texts.app.loading}</p>}
      {all?.length === 0 && <p class="muted">{words.noSettings}</p>}
      {all !== undefined && all.length > 0 && shown?.length === 0 && <p class="muted">{words.noneSet}</p>}
      {shown !== undefined && shown.length > 0 && (
        <table class="settings">
          <thead>
            <tr>
              <th>{words.setting}</th>
              <th>{words.value}</th>
              <th>{words.source}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ name, value: of, source }) => (
              <tr key={name}>
                <td>
                  <code>{name}</code>
                </td>
                <td>
                  {of === '' ? (
                    <span class="muted">{words.none}</span>
                  ) : (
                    <Foreign text={of} max={longestValue} />
                  )}
                </td>
                <td class={source === 'default' ? 'muted' : ''}>
                  {source === 'default' ? (
                    words.isDefault
                  ) : (
                    <code>
                      <Foreign text={source} max={longestValue} />
                    </code>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  )
}
