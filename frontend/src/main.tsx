/** Starts the application. */
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './styles/index.css'
import '@/i18n'
import { queryClient } from '@/api/queryClient'
import { App } from '@/app/App'
import { fetchScreenAt } from '@/app/menus'
import { pressHeldEnterOnce } from '@/ui/heldKeys'

fetchScreenAt(window.location.pathname)
pressHeldEnterOnce()

const root = document.getElementById('root')
if (!root) throw new Error('index.html lacks the element "root".')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
)
