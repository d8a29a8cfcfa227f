/** The drawing library of the charts, fetched apart from the screens that show them. */
export const loadCharts = () => import('./chartEngine')
