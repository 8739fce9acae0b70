// A Vendure to test against. node shop.js seed | node shop.js       env: PORT, DATA (folder), HOOK_URL, HOOK_SECRET, GOODS (json)
const fs = require('fs'), path = require('path');
const v = require('@vendure/core');
const { forainPlugin } = require('./forain');

const DATA = process.env.DATA, PORT = Number(process.env.PORT || 0);
const config = {
  apiOptions: { port: PORT, hostname: '127.0.0.1', adminApiPath: 'admin-api', shopApiPath: 'shop-api', cors: false, adminListQueryLimit: 1000 },
  authOptions: { tokenMethod: ['bearer', 'api-key'], superadminCredentials: { identifier: 'superadmin', password: 'superadmin' }, requireVerification: false },
  dbConnectionOptions: { type: 'sqljs', location: path.join(DATA, 'vendure.sqljs'), autoSave: true, synchronize: true, logging: false },
  paymentOptions: { paymentMethodHandlers: [v.dummyPaymentHandler] },
  importExportOptions: { importAssetsDir: DATA },
  customFields: { ProductVariant: [{ name: 'ean', type: 'string', nullable: true }], Order: [], OrderLine: [] },
  logger: new v.DefaultLogger({ level: v.LogLevel[process.env.LOG || 'Error'] }),
  plugins: [v.DefaultJobQueuePlugin, v.DefaultSearchPlugin.init({}), forainPlugin({ hookUrl: process.env.HOOK_URL, hookSecret: process.env.HOOK_SECRET })],
};

async function seed() {
  const { populate } = require('@vendure/core/cli');
  const goods = JSON.parse(fs.readFileSync(process.env.GOODS, 'utf8'));
  const head = 'name,slug,description,assets,facets,optionGroups,optionValues,sku,price,taxCategory,stockOnHand,trackInventory,variantAssets,variantFacets,variant:ean';
  const rows = goods.map(g => `"${g.title}",${g.sku.toLowerCase()},,,,,,${g.sku},${g.price},Standard Tax,${g.on_hand},true,,,${g.ean}`);
  const csv = path.join(DATA, 'products.csv');
  fs.writeFileSync(csv, [head, ...rows].join('\n') + '\n');
  const initial = {
    defaultLanguage: v.LanguageCode.en, defaultZone: 'Europe', collections: [],
    taxRates: [{ name: 'Standard Tax', percentage: 20 }],
    countries: [{ name: 'France', code: 'FR', zone: 'Europe' }, { name: 'Germany', code: 'DE', zone: 'Europe' }],
    shippingMethods: [{ name: 'Standard', price: 499 }],
    paymentMethods: [{ name: 'marketplace', handler: { code: v.dummyPaymentHandler.code, arguments: [{ name: 'automaticSettle', value: 'true' }] } }],
  };
  const app = await populate(() => v.bootstrap(config), initial, csv);
  const ctx = await app.get(v.RequestContextService).create({ apiType: 'admin' });
  const channels = app.get(v.ChannelService), channel = await channels.getDefaultChannel(ctx);
  await channels.update(ctx, { id: channel.id, pricesIncludeTax: true, defaultCurrencyCode: 'EUR', availableCurrencyCodes: ['EUR'] });
  await app.close();
}

async function serve() {
  const app = await v.bootstrap(config);
  await app.get(v.JobQueueService).start();
  console.log('up');
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => app.close().then(() => process.exit(0)));
}
(process.argv[2] === 'seed' ? seed().then(() => process.exit(0)) : serve()).catch(error => { console.error(error); process.exit(1); });
