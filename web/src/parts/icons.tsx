/** The icons of the page: strokes in the colour of the text around them. Each is beside a text, so none has a name. */
import type { ComponentChildren } from 'preact'

function Icon({ children }: { readonly children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  )
}

export const icons = {
  '': () => (
    <Icon>
      <path d="M4 11l8-7 8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z" />
    </Icon>
  ),
  trees: () => (
    <Icon>
      <circle cx="12" cy="19" r="2" />
      <circle cx="6" cy="11" r="2" />
      <circle cx="18" cy="11" r="2" />
      <circle cx="12" cy="4" r="2" />
      <path d="M7.2 12.6 10.8 17.4M16.8 12.6 13.2 17.4M7.3 9.5 10.6 5.5M16.7 9.5 13.4 5.5" />
    </Icon>
  ),
  stores: () => (
    <Icon>
      <ellipse cx="12" cy="6" rx="7.5" ry="2.8" />
      <path d="M4.5 6v12c0 1.5 3.4 2.8 7.5 2.8s7.5-1.3 7.5-2.8V6M4.5 12c0 1.5 3.4 2.8 7.5 2.8s7.5-1.3 7.5-2.8" />
    </Icon>
  ),
  people: () => (
    <Icon>
      <circle cx="9" cy="8.5" r="3.2" />
      <path d="M3 19.5c.4-3.4 2.8-5.5 6-5.5s5.6 2.1 6 5.5M15.5 5.6a3.2 3.2 0 0 1 0 5.8M17.2 14.5c2.2.7 3.500 2.500 3.800 5" />
    </Icon>
  ),
  network: () => (
    <Icon>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M3.5 12h17M12 3.5c2.8 2.6 4 5.4 4 8.5s-1.2 5.9-4 8.5c-2.8-2.6-4-5.4-4-8.5s1.2-5.9 4-8.5z" />
    </Icon>
  ),
  node: () => (
    <Icon>
      <rect x="4" y="5" width="16" height="6" rx="1.5" />
      <rect x="4" y="13" width="16" height="6" rx="1.5" />
      <path d="M7.5 8h.01M7.5 16h.01M11 8h6M11 16h6" />
    </Icon>
  ),
  theme: () => (
    <Icon>
      <circle cx="12" cy="12" r="8" />
      <path class="filled" d="M12 4a8 8 0 0 1 0 16z" />
    </Icon>
  ),
  copy: () => (
    <Icon>
      <rect x="8" y="8" width="11" height="12" rx="1.5" />
      <path d="M16 8V5.5A1.5 1.5 0 0 0 14.5 4h-8A1.5 1.5 0 0 0 5 5.5V15a1.5 1.5 0 0 0 1.5 1.5H8" />
    </Icon>
  ),
}
