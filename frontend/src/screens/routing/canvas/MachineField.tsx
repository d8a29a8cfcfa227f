/** The machine of an operation: any text, with the machines offered that the plant does this operation on. */
import { useId } from 'react'
import { usePlantOperations } from '@/api/plantOperations'
import { TextField } from '@/ui/Field'
import { operationOf, type Machine, type Operation } from '../store/operation'
import { useRoutingText } from '../texts'

interface MachineFieldProps {
  operation: Operation
  value: Machine
  onChange: (machine: Machine) => void
}

export function MachineField({ operation, value, onChange }: MachineFieldProps) {
  const t = useRoutingText()
  const list = useId()
  const known = usePlantOperations().data?.operations.find(
    ({ step }) => operationOf(step).code === operation.code,
  )
  const machines = (known?.machines ?? []).flatMap(({ code, name }) =>
    code ? [{ code, name: name ?? '' }] : [],
  )
  return (
    <div className="mt-2">
      <TextField
        label={t('machine')}
        list={list}
        maxLength={100}
        autoComplete="off"
        value={value.code}
        hint={value.name && value.name !== value.code ? value.name : undefined}
        onChange={(event) => {
          const code = event.target.value
          onChange({ code, name: machines.find((machine) => machine.code === code.trim())?.name ?? '' })
        }}
      />
      <datalist id={list}>
        {machines.map(({ code, name }) => (
          <option key={code} value={code}>
            {name}
          </option>
        ))}
      </datalist>
    </div>
  )
}
