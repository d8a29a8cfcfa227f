/** A step of the guide: its number, what it is about, and whether it is done. */
import { CircleCheck } from 'lucide-react'
import type { ReactNode } from 'react'
import { Card } from '@/ui/Card'

interface StepProps {
  number: number
  title: string
  about: string
  done?: boolean
  children: ReactNode
}

export function Step({ number, title, about, done = false, children }: StepProps) {
  return (
    <Card
      title={
        <span className="inline-flex items-center gap-2">
          <span className="grid size-7 place-items-center rounded-full bg-accent-soft text-[0.95rem] text-accent-ink">
            {number}
          </span>
          {title}
          {done && <CircleCheck className="size-5 text-good" aria-hidden />}
        </span>
      }
      description={about}
    >
      {children}
    </Card>
  )
}
