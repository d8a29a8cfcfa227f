export { featureLabel } from '@/api/plant'
