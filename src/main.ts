#!/usr/bin/env node
console.log('hi')
export const x: number = 1
