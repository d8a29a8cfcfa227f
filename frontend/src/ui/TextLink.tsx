/** A link within a text or beside one: to another screen of the program. */
import type { ReactNode } from 'react'
import { Link } from 'wouter'

interface TextLinkProps {
  href: string
  className?: string
  title?: string
  children: ReactNode
}

export function TextLink({ className = '', ...link }: TextLinkProps) {
  return <Link {...link} className={`text-accent-ink underline underline-offset-2 ${className}`.trim()} />
}
