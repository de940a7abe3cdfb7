// `snapshotDownload` of @huggingface/hub: `hub-js-pull.mjs REPO`, with HF_ENDPOINT and HF_HUB_CACHE.
import { snapshotDownload } from '@huggingface/hub'

await snapshotDownload({ repo: process.argv[2], hubUrl: process.env.HF_ENDPOINT, cacheDir: process.env.HF_HUB_CACHE })
