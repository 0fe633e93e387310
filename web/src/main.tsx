/** The page of a node: takes its session, follows the node, and draws the views. */
import { render } from 'preact'
import { followNode } from './api/feed.ts'
import { takeKey } from './api/session.ts'
import { Shell } from './app/shell.tsx'
import { applyTheme } from './app/theme.ts'
import './styles/base.css'
import './styles/shell.css'
import './styles/parts.css'

applyTheme()
takeKey()
followNode()
render(<Shell />, document.getElementById('page')!)
