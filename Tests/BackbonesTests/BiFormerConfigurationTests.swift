import Backbones
import JSONText
import Testing

@Suite struct BiFormerConfigurationTests {
    private func decode<Settings: BackboneConfiguration>(
        _ text: String, over defaults: Settings
    ) throws -> Settings {
        try StrictDecoder.decode(
            Settings.self, from: JSONValue(parsing: JSONSource(text: text, name: "a.json")),
            defaults: defaults)
    }

    @Test(arguments: [BiFormerConfiguration.tiny, .small, .base])
    func everyVariantSurvivesItsOwnText(settings: BiFormerConfiguration) throws {
        let text = try JSONValue(encoding: settings).text()
        #expect(try decode(text, over: BiFormerConfiguration()) == settings)
    }

    @Test(arguments: [BiFormerSTLConfiguration.nhwc, .nchw])
    func everyAblationSurvivesItsOwnText(settings: BiFormerSTLConfiguration) throws {
        let text = try JSONValue(encoding: settings).text()
        #expect(try decode(text, over: BiFormerSTLConfiguration()) == settings)
    }

    @Test func keysAreTheAuthorsNames() throws {
        let settings = try decode(
            """
            {"embed_dim": [8, 16, 24, 32], "depth": [1, 0, 2, 1], "mlp_ratios": [2, 2, 3, 3],
             "n_win": 5, "topks": [3, 0, -1, -2], "qk_dims": [4, 16, 24, 32], "head_dim": 4,
             "side_dwconv": 3, "before_attn_dwconv": 0, "kv_downsample_mode": "ada_maxpool",
             "kv_per_wins": [2, 1, 1, 1], "kv_downsample_ratios": [2, 1, 1, 1],
             "layer_scale_init_value": 0.1, "param_routing": true, "diff_routing": true,
             "soft_routing": true, "pre_norm": false, "pe": null, "mlp_dwconv": true,
             "auto_pad": true, "norm_eval": false, "drop_path_rate": 0.1, "num_classes": 7}
            """, over: BiFormerConfiguration())
        #expect(settings.embedDim == [8, 16, 24, 32])
        #expect(settings.topks == [3, 0, -1, -2])
        #expect(settings.kvDownsampleMode == .adaptiveMaximum)
        #expect(settings.beforeAttnDwconv == 0 && settings.sideDwconv == 3)
        #expect(settings.paramRouting && settings.diffRouting && settings.softRouting)
        #expect(!settings.preNorm && settings.mlpDwconv && settings.autoPad && !settings.normEval)
        #expect(settings.numClasses == 7)
    }

    /// A text with one mistake, and what its message must name.
    static let mistakes = [
        ("{\"embed_dims\": [8, 8, 8, 8]}", "embed_dim"),
        ("{\"embed_dim\": [64, 128, 256]}", "embed_dim"),
        ("{\"embed_dim\": [65, 128, 256, 512]}", "embed_dim"),
        ("{\"embed_dim\": [64, 128, 256, 516]}", "embed_dim"),
        ("{\"depth\": [1, 1, 1, -1]}", "depth"),
        ("{\"mlp_ratios\": [0, 3, 3, 3]}", "mlp_ratios"),
        ("{\"n_win\": 0}", "n_win"),
        ("{\"topks\": [50, 4, 16, -2]}", "topks"),
        ("{\"topks\": [1, 4, 16, -3]}", "topks"),
        ("{\"qk_dims\": [16, 128, 256, 512]}", "qk_dims"),
        ("{\"qk_dims\": [96, 128, 256, 512]}", "qk_dims"),
        ("{\"head_dim\": 0}", "head_dim"),
        ("{\"side_dwconv\": 4}", "side_dwconv"),
        ("{\"before_attn_dwconv\": 5}", "before_attn_dwconv"),
        ("{\"kv_downsample_mode\": \"fracpool\"}", "kv_downsample_mode"),
        ("{\"kv_downsample_mode\": \"ada_avgpool\"}", "kv_per_wins"),
        (
            "{\"kv_downsample_mode\": \"avgpool\", \"kv_downsample_ratios\": [0, 1, 1, 1]}",
            "kv_downsample_ratios"
        ),
        ("{\"kv_per_wins\": [1]}", "kv_per_wins"),
        ("{\"param_routing\": true}", "param_routing"),
        ("{\"diff_routing\": true}", "diff_routing"),
        ("{\"pe\": \"sine\"}", "pe"),
        ("{\"drop_path_rate\": 1}", "drop_path_rate"),
        ("{\"num_classes\": 0}", "num_classes"),
    ]

    @Test(arguments: mistakes) func mistakeIsRefusedWhereItStands(text: String, key: String) {
        FamilyExpectations.isRefused(key) { try decode(text, over: BiFormerConfiguration()) }
    }

    @Test(arguments: [
        ("{\"n_wins\": [7, 1, 7, 7]}", "topks"), ("{\"head_dim\": 40}", "head_dim"),
        ("{\"topks\": [0, 4, 16, -2], \"embed_dim\": [90, 192, 384, 768]}", "embed_dim"),
        ("{\"form\": \"nhcw\"}", "form"),
    ])
    func mistakeOfAnAblationIsRefusedWhereItStands(text: String, key: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try decode(text, over: BiFormerSTLConfiguration())
        }
        #expect(error?.description.contains(key) == true, "\(error?.description ?? "")")
    }
}
