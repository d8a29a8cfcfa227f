/** Keyword search over the hierarchy; it starts a moment after typing stops. */
import { useEffect, useState } from 'react'
import { Card } from '@/ui/Card'
import { TextField } from '@/ui/Field'
import { noteLookup } from './lookups'
import { useMaster } from './masterStore'
import { useMasterText } from './texts'

export function SearchPanel() {
  const t = useMasterText()
  const query = useMaster((state) => state.query)
  const setQuery = useMaster((state) => state.setQuery)
  const [text, setText] = useState(query)
  const [known, setKnown] = useState(query)
  if (known !== query) {
    // Another search came by the address.
    setKnown(query)
    if (text.trim() !== query) setText(query)
  }

  // A search counts once the person has stopped to look at what it found.
  useEffect(() => {
    const timer = setTimeout(() => noteLookup('tree', query), 1500)
    return () => clearTimeout(timer)
  }, [query])

  useEffect(() => {
    if (text.trim() === query) return undefined
    const timer = setTimeout(() => setQuery(text.trim()), 300)
    return () => clearTimeout(timer)
  }, [text, query, setQuery])

  return (
    <Card title={t('search')} description={t('searchAbout')}>
      <TextField
        label={t('keyword')}
        hint={t('keywordHint')}
        type="search"
        placeholder={t('keywordPlaceholder')}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') setQuery(text.trim())
        }}
      />
    </Card>
  )
}
