export default function WorkflowDesigner() {
  return null
}
