/** A plant and routings for tests. */
import type { OperationStep, Plant, PredictionResponse } from '@/api/types'

export function step(
  sequence: number,
  code: string,
  name: string,
  setup = 5,
  run = 10,
  more: Record<string, unknown> = {},
): OperationStep {
  return {
    PROC_SEQ: sequence,
    PROC_CD: code,
    JOB_NM: name,
    SETUP_TIME: setup,
    RUN_TIME: run,
    WAIT_TIME: 2,
    ...more,
  } as OperationStep
}

export const SAMPLE: PredictionResponse = {
  items: [
    {
      ITEM_CD: 'SLS-1',
      CANDIDATE_ID: 'SLS-1_C01',
      SIMILARITY_SCORE: 0.97,
      operations: [
        step(10, 'SAW', '톱절단', 8, 3),
        step(20, 'TUR', '선삭 1차', 36.2, 14.4),
        step(30, 'INS', '최종 검사', 6, 5),
      ],
    },
    {
      ITEM_CD: 'SLS-1',
      CANDIDATE_ID: 'SLS-1_C02',
      SIMILARITY_SCORE: 0.91,
      operations: [step(10, 'SAW', '톱절단'), step(20, 'LAP', '래핑', 18, 15)],
    },
  ],
  candidates: [],
  metrics: { requested_items: 1, returned_routings: 2 },
}

const words = (label: string, label_ko = label) => ({ label, label_ko })

export const SEALS: Plant = {
  ...words('Mechanical seals', '메커니컬 씰'),
  name: 'Mechanical seals',
  profile: 'Access views',
  features: [],
  columns: {
    OUTDIAMETER: words('OUTDIAMETER', '외경'),
    ITEM_MATERIAL: words('ITEM_MATERIAL', '재질'),
    PART_TYPE: words('PART_TYPE', '부품 유형'),
  },
  item: {
    name: 'ITEM_NM',
    drawing: '',
    revision: '',
    specification: '',
    details: '',
    material: '',
    levels: ['GROUP2'],
  },
  units: {},
  weight_profiles: { 'geometry-focus': words('Geometry', '치수·형상 중심') },
  output_columns: [
    ...['ITEM_CD', 'CANDIDATE_ID', 'ROUTING_SIGNATURE', 'PRIORITY', 'SIMILARITY_TIER', 'PROC_SEQ'],
    ...['dbo_BI_ROUTING_VIEW_JOB_CD', 'JOB_NM', 'RES_CD', 'RES_DIS', 'TIME_UNIT', 'SETUP_TIME'],
    ...['MACH_WORKED_HOURS', 'WAIT_TIME', 'MOVE_TIME', 'REFERENCE_ITEM_CD', 'SIMILARITY_SCORE'],
  ],
}
