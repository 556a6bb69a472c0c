import { createRouter, createWebHashHistory } from 'vue-router'
import type { Router } from 'vue-router'
import HomeView from './views/HomeView.vue'

/** Screens that are one large picture: they run edge to edge and fold the rail on small windows. */
const workspace = { isWorkspace: true } as const

export function createStudioRouter(): Router {
  return createRouter({
    history: createWebHashHistory(),
    routes: [
      { path: '/', name: 'home', component: HomeView, meta: { section: 'home', title: 'Home' } },
      {
        path: '/runs',
        name: 'runs',
        component: () => import('./views/RunsView.vue'),
        meta: { section: 'runs', title: 'Runs' },
      },
      {
        path: '/runs/new',
        name: 'new-run',
        component: () => import('./views/NewRunView.vue'),
        meta: { section: 'runs', title: 'New run' },
      },
      {
        path: '/runs/compare',
        name: 'compare',
        component: () => import('./views/CompareView.vue'),
        meta: { section: 'runs', title: 'Compare', ...workspace },
      },
      {
        path: '/runs/:id',
        name: 'run',
        component: () => import('./views/RunView.vue'),
        meta: { section: 'runs', title: 'Run', ...workspace },
      },
      {
        path: '/runs/:id/explore',
        name: 'explore',
        component: () => import('./views/ExploreView.vue'),
        meta: { section: 'explore', title: 'Explore', ...workspace },
      },
      {
        path: '/runs/:id/preview',
        name: 'preview',
        component: () => import('./views/PreviewView.vue'),
        meta: { section: 'preview', title: 'Preview', ...workspace },
      },
      {
        path: '/explore',
        name: 'explore-nothing',
        component: () => import('./views/NoRunView.vue'),
        meta: { section: 'explore', title: 'Explore' },
      },
      {
        path: '/preview',
        name: 'preview-nothing',
        component: () => import('./views/NoRunView.vue'),
        meta: { section: 'preview', title: 'Preview' },
      },
      {
        path: '/datasets',
        name: 'datasets',
        component: () => import('./views/DatasetsView.vue'),
        meta: { section: 'datasets', title: 'Datasets' },
      },
      {
        path: '/doctor',
        name: 'doctor',
        component: () => import('./views/DoctorView.vue'),
        meta: { section: 'doctor', title: 'Doctor' },
      },
      {
        path: '/settings',
        name: 'settings',
        component: () => import('./views/SettingsView.vue'),
        meta: { section: 'settings', title: 'Settings' },
      },
      { path: '/:rest(.*)*', redirect: { name: 'home' } },
    ],
  })
}
