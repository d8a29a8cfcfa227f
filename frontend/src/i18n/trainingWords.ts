/** Names of what the trainer and the registry report: states, stages, actions. One that is not known stays as it is. */
import { screenTexts } from './index'

const [useWords] = screenTexts('training-words', {
  ko: {
    idle: '대기',
    running: '실행 중',
    completed: '완료',
    failed: '실패',
    skipped: '건너뜀',
    cancelled: '중지됨',
    reading: '읽기',
    learning: '학습',
    encoding: '인코딩',
    building: '인덱스 구축',
    measuring: '재현율 측정',
    judging: '품질 평가',
    writing: '저장',
    registering: '등록',
    activating: '활성화',
    registered: '등록됨',
    activated: '활성화됨',
    rolled_back: '롤백됨',
    refused: '거부됨',
    retired: '폐기됨',
    adopted: '가져옴',
    requester: '요청:',
    after_training: '학습 완료 후 자동 활성화',
  },
  en: {
    idle: 'idle',
    running: 'running',
    completed: 'completed',
    failed: 'failed',
    skipped: 'skipped',
    cancelled: 'stopped',
    reading: 'Reading',
    learning: 'Learning',
    encoding: 'Encoding',
    building: 'Building the index',
    measuring: 'Measuring recall',
    judging: 'Judging',
    writing: 'Writing',
    registering: 'Registering',
    activating: 'Activating',
    registered: 'registered',
    activated: 'activated',
    rolled_back: 'rolled back',
    refused: 'refused',
    retired: 'retired',
    adopted: 'adopted',
    requester: 'requested by',
    after_training: 'activated after the training',
  },
})

export function useTrainingWords(): (name: string) => string {
  const t = useWords()
  // A missing key comes back as itself.
  return (name) => (name ? t(name as 'idle') : '')
}
