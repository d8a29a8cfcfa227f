import { screenTexts } from '@/i18n'

export const [useStartText] = screenTexts('start', {
  ko: {
    title: '어느 공장으로 시작할까요?',
    about:
      '예제를 골라 바로 써 보고, 언제든 데모나 우리 공장의 데이터로 돌아갈 수 있습니다. 바꾸는 동안에는 지금의 공장이 계속 서비스합니다.',
    own: '우리 공장',
    ownAbout: '{{path}}의 데이터',
    demo: '데모',
    demoAbout: '제품에 들어 있는 가상 메커니컬 씰 공장. 라우팅, 작업 실적, 도면 번호까지 모두 있습니다.',
    serving: '서비스 중',
    trained: '학습된 버전이 있어 바로 바꿀 수 있습니다: {{version}}',
    servedBy: '이 버전이 서비스하고 있습니다: {{version}}',
    untrained: '아직 학습하지 않았습니다. 작은 예제는 1분 안에 학습이 끝나고 자동으로 바뀝니다.',
    try: '써 보기',
    trainAndTry: '학습하고 써 보기',
    back: '돌아가기',
    changing: '{{plant}}(으)로 바꾸는 중입니다. 버전을 검증하고 모든 프로세스가 넘겨받으면 끝납니다.',
    training: '{{plant}}의 버전을 학습하는 중입니다. 끝나면 자동으로 바뀝니다. 이 화면을 닫아도 계속됩니다.',
    reading: '원본을 읽는 중입니다. 잠시 후 이 공장의 품목이 보입니다.',
    done: '이제 {{plant}} 공장이 서비스합니다.',
    predict: '라우팅 예측하기',
    lookUp: '품목 보기',
    failed: '바꾸지 못했습니다. 전의 공장이 계속 서비스합니다.',
    fixed:
      'ROUTING_ML_DATASET 설정이 원본을 정해 두어 다른 공장으로 바꿀 수 없습니다. .env에서 빼고 다시 시작하세요.',
    cannotTrain: '화면에서 학습을 시작하는 기능이 꺼져 있습니다. 서버에서 실행하세요: {{command}}',
    yours: '우리 공장의 데이터로 시작하기',
    yoursAbout:
      '품목 표와 공정 표가 있으면 됩니다. Access, Excel, CSV, Parquet, SQLite, PostgreSQL, ODBC를 읽습니다.',
    yoursSteps:
      '품목과 공정을 스스로 찾아 매핑을 제안하고, 확실하지 않은 것만 묻습니다. 읽힐 그대로의 라우팅을 본 뒤 학습하고, 품질을 확인해 활성화합니다.',
    toGuide: '안내 열기',
    yoursCommand: '서버의 명령 한 줄로도 됩니다:',
  },
  en: {
    title: 'Which plant to begin with?',
    about:
      'Choose an example and try it; you can go back to the demo or to your own data at any time. What serves now goes on serving meanwhile.',
    own: 'Your plant',
    ownAbout: 'The data of {{path}}',
    demo: 'Demo',
    demoAbout:
      'The made-up maker of mechanical seals that comes with the product: routings, work results, drawing numbers.',
    serving: 'serves now',
    trained: 'A version of it is here, so it can serve at once: {{version}}',
    servedBy: 'This version serves: {{version}}',
    untrained:
      'Nothing has been trained for it yet. A small example is trained within a minute and then serves by itself.',
    try: 'Try it',
    trainAndTry: 'Train and try it',
    back: 'Go back',
    changing: 'Changing to {{plant}}: its version is proved, then every process takes it over.',
    training:
      'Training a version for {{plant}}. It serves by itself when that is done, also when you close this page.',
    reading: 'The source is being read; the items of this plant show in a moment.',
    done: '{{plant}} serves now.',
    predict: 'Predict routings',
    lookUp: 'Look at items',
    failed: 'It could not be changed. The plant before serves on.',
    fixed:
      'ROUTING_ML_DATASET fixes the source of this installation, so no other plant can serve. Take it out of .env and restart.',
    cannotTrain: 'Training from the screens is switched off here. Run on the server: {{command}}',
    yours: 'Begin with your own data',
    yoursAbout:
      'A table of items and a table of operations will do. Access, Excel, CSV, Parquet, SQLite, PostgreSQL and ODBC are read.',
    yoursSteps:
      'Items and operations are found and a mapping is proposed; only what is not sure is asked. You see routings as they would be read, train, look at the quality, and activate.',
    toGuide: 'Open the guide',
    yoursCommand: 'Or by one command on the server:',
  },
})
