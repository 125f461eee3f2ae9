#!/usr/bin/env node
import '../../../dist/apps/orderctl/src/main.js';
