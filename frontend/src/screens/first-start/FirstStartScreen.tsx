/** 시작 안내: from somebody's data to the first prediction, step by step. Administrators only. */
import { QuestionsStep } from './QuestionsStep'
import { MappingStep } from './MappingStep'
import { PreviewStep } from './PreviewStep'
import { SourceStep } from './SourceStep'
import { TrainingStep } from './TrainingStep'
import { VersionStep } from './VersionStep'
import { useGuide } from './guideStore'

export default function FirstStartScreen() {
  const suggestion = useGuide((guide) => guide.suggestion)
  return (
    <div className="mx-auto flex max-w-[1500px] flex-col gap-5">
      <SourceStep />
      {suggestion && (
        <>
          <QuestionsStep suggestion={suggestion} />
          <MappingStep suggestion={suggestion} />
          <PreviewStep suggestion={suggestion} />
          <TrainingStep suggestion={suggestion} />
          <VersionStep />
        </>
      )}
    </div>
  )
}
