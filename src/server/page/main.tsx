import { render } from 'preact'
import { App } from './app.tsx'
import './styles/tokens.css'
import './styles/base.css'
import './styles/top.css'
import './styles/panels.css'
import './styles/waterfall.css'
import './waterfall/chart.css'

const page = document.getElementById('page')
if (page) render(<App />, page)
